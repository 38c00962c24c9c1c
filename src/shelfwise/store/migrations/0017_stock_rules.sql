-- What went back to suppliers, how long people may take back what they did, and serials that follow time.

-- Goods of a purchase line that went back to its supplier, and what that changed about the line.
create table supplier_return (
    tenant_id int not null,
    -- The movement that took them out of the house.
    movement_id bigint not null,
    purchase_order_id bigint not null,
    line int not null,
    quantity numeric not null check (quantity > 0),
    -- The supplier is to send as much once more; false: it pays, or nobody asks.
    owed_again boolean not null,
    -- By how much the line's 'received' and 'damaged' changed with it.
    received_change numeric not null,
    damaged_change numeric not null,
    reason text not null,
    -- Set when the movement was reversed: it never happened, and counts for nothing.
    reversed_at timestamptz,
    primary key (tenant_id, movement_id),
    foreign key (tenant_id, movement_id) references movement,
    foreign key (tenant_id, purchase_order_id, line) references purchase_line
);
create index on supplier_return (tenant_id, purchase_order_id, line);

-- How long somebody may take back a movement of their own without the right to adjust stock, in business time.
alter table tenant add column take_back_minutes int not null default 30 check (take_back_minutes >= 0);

-- Since when a serial is where it is: what is told later and happened before does not move it.
alter table serial add column occurred_at timestamptz;
-- Until now the last movement that was told said where a serial is; from now on it is the latest one that stands.
update serial s set place_id = m.to_place_id, lot = m.lot, status = m.to_status, movement_id = m.movement_id,
        occurred_at = m.occurred_at
    from (select distinct on (m.tenant_id, m.item_id, m.serial) m.* from movement m where m.serial is not null
          order by m.tenant_id, m.item_id, m.serial,
              (m.reverses is null and not exists (select from movement r where r.tenant_id = m.tenant_id
                  and r.reverses = m.movement_id)) desc, m.occurred_at desc, m.movement_id desc) m
    where m.tenant_id = s.tenant_id and m.item_id = s.item_id and m.serial = s.serial;
update serial set occurred_at = '-infinity' where occurred_at is null;
alter table serial alter column occurred_at set not null;
