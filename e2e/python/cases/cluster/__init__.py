"""The files of `cluster_config`."""
