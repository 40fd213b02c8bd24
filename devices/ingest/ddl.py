"""What tables alone cannot say: partitions made on demand, rows that stay, news of the inventory.

Run by the first migration as fleet_owner, after the tables exist: `for statement in STATEMENTS: op.execute(statement)`.
"""

from __future__ import annotations

# Months are cut in UTC. The advisory lock keeps two writers from making the same month; nothing is granted on
# a partition, so that it can be reached through `devices.reading` and its policies only.
ENSURE_PARTITIONS = """
CREATE FUNCTION devices.ensure_reading_partitions("from" timestamptz, "to" timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    month date := date_trunc('month', "from");
    last date := date_trunc('month', "to");
    partition text;
BEGIN
    IF month < '1990-01-01' OR last > now() + interval '2 months' THEN
        RAISE EXCEPTION 'no partition for readings from % to %', "from", "to" USING ERRCODE = 'check_violation';
    END IF;
    WHILE month <= last LOOP
        partition := 'reading_y' || to_char(month, 'YYYY"m"MM');
        IF to_regclass('devices.' || partition) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext('devices.ensure_reading_partitions'));
            IF to_regclass('devices.' || partition) IS NULL THEN
                EXECUTE format('CREATE TABLE devices.%I PARTITION OF devices.reading FOR VALUES FROM (%L) TO (%L)',
                    partition, month::timestamptz, (month + interval '1 month')::timestamptz);
            END IF;
        END IF;
        month := month + interval '1 month';
    END LOOP;
END $$
"""

# Whoever stores readings may ask for months, and for nothing else.
ENSURE_PARTITIONS_GRANTS = """
REVOKE ALL ON FUNCTION devices.ensure_reading_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices.ensure_reading_partitions TO fleet_ingest, fleet_worker
"""

# A row trigger is inherited by every partition, a statement trigger is not.
APPEND_ONLY = """
CREATE FUNCTION devices.refuse_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a reading is kept as it arrived: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON devices.reading
    FOR EACH ROW EXECUTE FUNCTION devices.refuse_reading_change();
CREATE TRIGGER kept BEFORE TRUNCATE ON devices.reading
    FOR EACH STATEMENT EXECUTE FUNCTION devices.refuse_reading_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON devices.reading_conflict
    FOR EACH ROW EXECUTE FUNCTION devices.refuse_reading_change()
"""

# Ingest keeps in memory which channel serves which point, and forgets it when told here.
INVENTORY_NEWS = """
CREATE FUNCTION devices.tell_inventory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('devices_inventory', '');
    RETURN NULL;
END $$;
CREATE TRIGGER tell_inventory AFTER INSERT OR UPDATE OR DELETE ON devices.device
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory();
CREATE TRIGGER tell_inventory AFTER INSERT OR UPDATE OR DELETE ON devices.installation
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory()
"""

# Another period, factor or index gives readings another meaning: an arrival of no reading asks for all of them to be
# derived again, for this installation and the others of the channel, whose readings may now be its own.
INVENTORY_REDERIVES = """
CREATE FUNCTION devices.announce_installation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
    SELECT id, now(), lower(period), lower(period), 0 FROM devices.installation
    WHERE device_id = NEW.device_id AND channel = NEW.channel;
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OF period, factor, opening_index, closing_index ON devices.installation
    FOR EACH ROW EXECUTE FUNCTION devices.announce_installation()
"""

STATEMENTS = (ENSURE_PARTITIONS, ENSURE_PARTITIONS_GRANTS, APPEND_ONLY, INVENTORY_NEWS, INVENTORY_REDERIVES)
