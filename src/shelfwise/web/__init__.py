"""Pages, the REST interface and live updates: what people and other systems see. Rules live in the rooms below."""
