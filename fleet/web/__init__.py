"""The web process: one Pyramid application, its frame, its style and its safety."""
