-- A rack is an aisle of bays; its bins know where they are in it, counted from one. Several levels share a footprint.
alter table place add column aisle text,
    add column bay int check (bay > 0),
    add column level int check (level > 0),
    add column position int check (position > 0),
    add column height_m double precision check (height_m > 0),
    add column load_kg double precision check (load_kg > 0);

-- What is put into a quarantine zone is in quarantine from then on, until somebody signs for its release.
alter table zone drop constraint zone_kind_check;
alter table zone add constraint zone_kind_check
    check (kind in ('ambient', 'chilled', 'frozen', 'quarantine', 'dock'));
