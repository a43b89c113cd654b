"""What Farthing costs above the bare minimum: ratios of two rates measured in one run, in turn, on one machine."""
