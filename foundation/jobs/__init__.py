"""Long work as rows: a job, its items, a lease; Celery only wakes it up (truth 12)."""
