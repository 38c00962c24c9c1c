-- Imports beyond sales: what each changed, so that it can be shown and taken back; and how files of one make are read.

alter table import_batch
    -- The first import of the same file: a workbook makes several, which are taken back together.
    add column file_id bigint,
    add column sheet text not null default '',
    add column created int not null default 0,
    add column changed int not null default 0,
    add column unchanged int not null default 0,
    add column skipped int not null default 0,
    -- The movements it posted. Null: none.
    add column batch_id bigint,
    add column undone_at timestamptz,
    add column undone_by text,
    -- What was left as it is when it was taken back, and why.
    add column left_alone jsonb not null default '[]';
update import_batch b set created = (select count(*) from sales_line s
    where s.tenant_id = b.tenant_id and s.import_id = b.import_id);

-- One record that an import made or changed: as it was (null: not there) and as it became.
create table import_change (
    tenant_id int not null,
    import_id bigint not null,
    number int not null,
    row_number int not null,
    key jsonb not null,
    before jsonb,
    after jsonb not null,
    primary key (tenant_id, import_id, number),
    foreign key (tenant_id, import_id) references import_batch
);

-- What a person said about files with these headings: proposed again the next time.
create table import_layout (
    tenant_id int not null references tenant,
    headings text not null,
    kind text not null,
    said jsonb not null,
    used_at timestamptz not null,
    primary key (tenant_id, headings)
);
