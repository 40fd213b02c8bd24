"""Makers' codecs (LoRa Alliance TS013): kept with their licence, run shut in, one for each model of device."""
