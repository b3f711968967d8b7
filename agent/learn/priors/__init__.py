"""Transfer priors: what sources know, as experts beside one that knows nothing of them."""
