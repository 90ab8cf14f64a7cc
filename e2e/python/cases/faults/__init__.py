"""Services, networks and disks that fail while a run works."""
