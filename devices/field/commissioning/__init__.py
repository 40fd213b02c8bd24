"""Whether what was installed works: judged from what the device sends, never from what a person says."""
