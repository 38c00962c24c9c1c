"""Proposals and what becomes of them: made, approved or rejected by a person, expired, carried out once."""
