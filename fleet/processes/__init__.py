"""The long-running processes beside the web, one composition root each: worker and ingest."""
