"""Live courseware: a shared screen over WHIP, a screen of this machine, a capture card."""
