-- A key that was revoked leaves its name to the one that follows it.

alter table api_key drop constraint api_key_tenant_id_name_key;
create unique index api_key_name on api_key (tenant_id, name) where not revoked;
