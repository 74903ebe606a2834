"""Sales: from draft to closed, and their numbers while they run."""
