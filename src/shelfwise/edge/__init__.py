"""The doors that devices speak to: bytes become readings, and are acknowledged only after the commit."""
