-- dcs: no-transaction
create index concurrently if not exists orders_by_customer on orders (customer);
