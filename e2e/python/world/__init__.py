"""The services that the cases need, and everything that stands for the outside of adg."""
