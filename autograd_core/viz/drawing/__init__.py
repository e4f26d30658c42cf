"""A picture of what is shown of a trace: contents, a scene of shapes, and the files that it is written to."""
