"""Triggers that refuse an illegal change of status. Frozen: a later change is a later revision."""

STATEMENTS = (
    """\
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % may not become %', TG_TABLE_NAME, OLD.status, NEW.status
        USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              COLUMN = 'status', CONSTRAINT = TG_NAME;
END
$$""",
    """\
CREATE TRIGGER ck_orders_transition BEFORE UPDATE OF status ON orders
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status
        AND OLD.status || '>' || NEW.status <> ALL (ARRAY['CANCELLED>REFUNDED', 'EXPIRED>PAID',
            'EXPIRED>REFUNDED', 'FAILED>PAID', 'FAILED>REFUNDED', 'PAID>REFUNDED',
            'PENDING>CANCELLED', 'PENDING>EXPIRED', 'PENDING>FAILED', 'PENDING>PAID',
            'PENDING>REFUNDED']))
    EXECUTE FUNCTION refuse_transition()""",
    """\
CREATE TRIGGER ck_payments_transition BEFORE UPDATE OF status ON payments
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status
        AND OLD.status || '>' || NEW.status <> ALL (ARRAY['CANCELLED>DISPUTED',
            'CANCELLED>REFUNDED', 'CANCELLED>SUCCEEDED', 'DISPUTED>REFUNDED',
            'DISPUTED>SUCCEEDED', 'FAILED>DISPUTED', 'FAILED>REFUNDED', 'FAILED>SUCCEEDED',
            'PENDING>CANCELLED', 'PENDING>DISPUTED', 'PENDING>FAILED', 'PENDING>PROCESSING',
            'PENDING>REFUNDED', 'PENDING>SUCCEEDED', 'PROCESSING>CANCELLED',
            'PROCESSING>DISPUTED', 'PROCESSING>FAILED', 'PROCESSING>REFUNDED',
            'PROCESSING>SUCCEEDED', 'SUCCEEDED>DISPUTED', 'SUCCEEDED>REFUNDED']))
    EXECUTE FUNCTION refuse_transition()""",
    """\
CREATE TRIGGER ck_refunds_transition BEFORE UPDATE OF status ON refunds
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status
        AND OLD.status || '>' || NEW.status <> ALL (ARRAY['requested>failed', 'requested>sent',
            'requested>succeeded', 'sent>failed', 'sent>requested', 'sent>succeeded']))
    EXECUTE FUNCTION refuse_transition()""",
)
