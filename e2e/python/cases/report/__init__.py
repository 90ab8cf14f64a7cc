"""The page of `adg report`."""
