"""What devices say and how it is understood: (topic, payload, received_at) -> measurements or a refusal."""
