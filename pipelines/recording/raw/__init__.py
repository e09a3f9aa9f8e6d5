"""The raw recording: a lesson's inputs, losslessly, so that `classroom replay` can make it again."""
