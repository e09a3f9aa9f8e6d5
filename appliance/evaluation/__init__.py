"""`classroom eval`: labelled clips in the simulated classroom, the network alone beside the full keyer."""
