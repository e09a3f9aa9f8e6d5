"""The programme to disk: fragmented MP4 from the packets that viewers get, with the pages as chapters."""
