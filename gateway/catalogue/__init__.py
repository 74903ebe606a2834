"""Products: what is listed, at what price, how many are on hand."""
