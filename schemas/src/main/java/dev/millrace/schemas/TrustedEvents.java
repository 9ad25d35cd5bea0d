package dev.millrace.schemas;

import org.apache.avro.Conversion;
import org.apache.avro.util.ClassSecurityValidator;

/**
 * Makes Avro trust the generated event classes.
 *
 * <p>Since 1.12.2 Avro instantiates no class by name unless it was told to, its own generated classes included, and
 * that bites before any codec is in sight: a builder that fills in a default record is enough. So the trust must be in
 * place before the first generated class is used. Avro gives one hook that comes that early: the static initialiser of
 * every generated class creates a data model, and every data model loads the {@link Conversion} services. This class
 * is one, in {@code META-INF/services}, for a logical type that no schema names. Initialising it is all it does.
 *
 * <p>A trust that someone else has set before is kept. Whoever sets another one later has to keep this one.
 *
 * <p>Any thread: class initialisation orders the registration before every use of the class that caused it.
 */
public final class TrustedEvents extends Conversion<Void> {
    private static final String EVENT_PACKAGE = "dev.millrace.schemas.event";

    static {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                candidate -> candidate.getPackageName().equals(EVENT_PACKAGE)));
    }

    /** For the service loader. */
    public TrustedEvents() {}

    /** For the codec: does not depend on the service file, which a repackaged jar may have lost. */
    static void register() {
        // Calling it has initialised the class.
    }

    @Override
    public Class<Void> getConvertedType() {
        return Void.class;
    }

    @Override
    public String getLogicalTypeName() {
        return "millrace-trusted-events";
    }
}
