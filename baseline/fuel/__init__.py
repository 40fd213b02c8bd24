"""After a change of fuel: the energies of a building side by side in euros, since their kWh do not add up."""
