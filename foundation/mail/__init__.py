"""Outgoing mail as rows: written with what caused it, sent by the worker, never lost, hardly ever sent twice."""
