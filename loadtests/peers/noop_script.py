"""A script that does nothing: what calling any script costs."""

TEXT = "#!lua flags=no-writes\nreturn 1"
