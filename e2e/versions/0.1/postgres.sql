CREATE TABLE public.adg_attempts (
    module text NOT NULL,
    collection text NOT NULL,
    date text NOT NULL,
    run_id text NOT NULL,
    attempt bigint NOT NULL,
    status text NOT NULL,
    rows_read bigint NOT NULL,
    rows_written bigint NOT NULL,
    rows_quarantined bigint NOT NULL,
    value_errors bigint NOT NULL,
    files bigint NOT NULL,
    bytes bigint NOT NULL,
    schema_fingerprint text,
    sources text NOT NULL,
    location text,
    started text NOT NULL,
    ended text,
    error text,
    token bigint NOT NULL
);
CREATE TABLE public.adg_leases (
    module text NOT NULL,
    token bigint NOT NULL,
    run_id text NOT NULL,
    host text NOT NULL,
    process bigint NOT NULL,
    expires text NOT NULL,
    released boolean NOT NULL
);
CREATE TABLE public.adg_superseded (
    location text NOT NULL,
    at text NOT NULL
);
INSERT INTO public.adg_attempts VALUES ('shop', 'items', '2024-05-01', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Completed', 1, 1, 0, 0, 1, 1147, 'c85dc17e66c87dd7', '[{"key":"2024-05-01_items.csv","size":14,"etag":"\"b401e-6616980d37d77-e\""}]', 'file:///srv/adg/warehouse/data/sales/items/date_uploaded=2024-05-01/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.410100264Z', '2026-11-29T12:33:41.431468533Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'orders', '2024-05-01', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Completed', 2, 2, 0, 1, 1, 1468, '51873ce97e8f64df', '[{"key":"2024-05-01_orders.csv","size":23,"etag":"\"b401d-6616980d37d62-17\""}]', 'file:///srv/adg/warehouse/data/sales/orders/date_uploaded=2024-05-01/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.392992169Z', '2026-11-29T12:33:41.449206222Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'items', '2024-05-02', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Completed', 1, 1, 0, 0, 1, 1152, 'c85dc17e66c87dd7', '[{"key":"2024-05-02_items.csv","size":15,"etag":"\"b4020-6616980d37da6-f\""}]', 'file:///srv/adg/warehouse/data/sales/items/date_uploaded=2024-05-02/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.455517435Z', '2026-11-29T12:33:41.480031702Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'orders', '2024-05-02', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Completed', 3, 2, 1, 0, 1, 1432, '5dced9a1a72284de', '[{"key":"2024-05-02_orders.csv","size":36,"etag":"\"b401f-6616980d37d97-24\""}]', 'file:///srv/adg/warehouse/data/sales/orders/date_uploaded=2024-05-02/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.451457731Z', '2026-11-29T12:33:41.484182648Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'orders', '2024-05-03', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Failed', 0, 0, 0, 0, 0, 0, NULL, '[]', NULL, '2026-11-29T12:33:41.486984755Z', '2026-11-29T12:33:41.487104631Z', 'the store `source` has no file `2024-05-03_orders.csv` for 2024-05-03', 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'items', '2024-05-03', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Skipped', 0, 0, 0, 0, 0, 0, NULL, '[]', NULL, '2026-11-29T12:33:41.488912661Z', '2026-11-29T12:33:41.488986415Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'items', '2024-05-04', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Skipped', 0, 0, 0, 0, 0, 0, NULL, '[]', NULL, '2026-11-29T12:33:41.500050387Z', '2026-11-29T12:33:41.500148962Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'orders', '2024-05-04', '01a2274b-fdfc-7d16-91b7-c0511d073ca0', 1, 'Completed', 1, 1, 0, 0, 1, 1406, '5dced9a1a72284de', '[{"key":"2024-05-04_orders.csv","size":23,"etag":"\"b4024-6616980d37dc4-17\""}]', 'file:///srv/adg/warehouse/data/sales/orders/date_uploaded=2024-05-04/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.492598351Z', '2026-11-29T12:33:41.510723291Z', NULL, 1795955621372);
INSERT INTO public.adg_attempts VALUES ('shop', 'items', '2024-05-01', '01a2274b-feaa-7b0f-b19d-e7e05ca6c570', 2, 'Completed', 1, 1, 0, 0, 1, 1147, 'c85dc17e66c87dd7', '[{"key":"2024-05-01_items.csv","size":14,"etag":"\"b401e-6616980d37d77-e\""}]', 'file:///srv/adg/warehouse/data/sales/items/date_uploaded=2024-05-01/01a2274b-feaa-7b0f-b19d-e7e05ca6c570', '2026-11-29T12:33:41.553881488Z', '2026-11-29T12:33:41.588126879Z', NULL, 1795955621546);
INSERT INTO public.adg_attempts VALUES ('shop', 'orders', '2024-05-01', '01a2274b-feaa-7b0f-b19d-e7e05ca6c570', 2, 'Completed', 2, 2, 0, 1, 1, 1710, '5dced9a1a72284de', '[{"key":"2024-05-01_orders.csv","size":23,"etag":"\"b401d-6616980d37d62-17\""}]', 'file:///srv/adg/warehouse/data/sales/orders/date_uploaded=2024-05-01/01a2274b-feaa-7b0f-b19d-e7e05ca6c570', '2026-11-29T12:33:41.553452071Z', '2026-11-29T12:33:41.592016874Z', NULL, 1795955621546);
INSERT INTO public.adg_attempts VALUES ('shop', 'orders', '2024-05-03', '01a2274b-ff0c-71ba-a9f1-7d8e28b42575', 2, 'Failed', 0, 0, 0, 0, 0, 0, NULL, '[]', NULL, '2026-11-29T12:33:41.650076626Z', '2026-11-29T12:33:41.65025733Z', 'the store `source` has no file `2024-05-03_orders.csv` for 2024-05-03', 1795955621644);
INSERT INTO public.adg_leases VALUES ('shop', 1795955621650, '01a2274b-ff12-7d98-8b32-27a80c5b3744', 'vm', 24464, '2026-11-29T12:35:41.650909613Z', true);
INSERT INTO public.adg_leases VALUES ('shop#1/2', 1795955621644, '01a2274b-ff0c-71ba-a9f1-7d8e28b42575', 'vm', 24464, '2026-11-29T12:35:41.644437584Z', true);
INSERT INTO public.adg_superseded VALUES ('file:///srv/adg/warehouse/data/sales/items/date_uploaded=2024-05-01/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.582715837Z');
INSERT INTO public.adg_superseded VALUES ('file:///srv/adg/warehouse/data/sales/orders/date_uploaded=2024-05-01/01a2274b-fdfc-7d16-91b7-c0511d073ca0', '2026-11-29T12:33:41.588969777Z');
ALTER TABLE ONLY public.adg_attempts
    ADD CONSTRAINT adg_attempts_pkey PRIMARY KEY (module, collection, date, run_id);
ALTER TABLE ONLY public.adg_leases
    ADD CONSTRAINT adg_leases_pkey PRIMARY KEY (module);
ALTER TABLE ONLY public.adg_superseded
    ADD CONSTRAINT adg_superseded_pkey PRIMARY KEY (location);
