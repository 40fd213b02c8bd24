"""What a cubic metre of gas is worth in kWh, point by point and date by date."""
