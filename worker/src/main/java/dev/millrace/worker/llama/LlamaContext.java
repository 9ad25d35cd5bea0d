package dev.millrace.worker.llama;

import java.nio.ByteBuffer;

/**
 * The decoder that is llama.cpp on a device: a KV cache for some sequences, and steps over them.
 *
 * <p>On a CPU, what comes out for a sequence depends on its own tokens, settings and seed alone, to the last bit: not
 * on who shares the batch, how a prompt was cut, what the KV cache held before, or which tokens were shared with another
 * sequence or had been in host memory meanwhile. On a GPU, and where the settings do without, that is not promised.
 */
public final class LlamaContext implements Decoder {
    private final LlamaModel model;
    private final ContextSettings settings;
    private final Handle handle;
    private final Thread owner = Thread.currentThread();
    private final int batchTokens;
    private boolean closed;

    private LlamaContext(LlamaModel model, ContextSettings settings, Handle handle) {
        this.model = model;
        this.settings = settings;
        this.handle = handle;
        this.batchTokens = (int) handle.call(LlamaContext::readBatchTokens);
    }

    /** Opens a context that belongs to the calling thread, and keeps the model open until it is closed. */
    public static LlamaContext open(LlamaModel model, ContextSettings settings) {
        LlamaContext context = create(model, settings);
        try {
            context.warmUp();
            return context;
        } catch (LlamaException e) {
            context.close();
            throw e;
        }
    }

    private static LlamaContext create(LlamaModel model, ContextSettings settings) {
        long modelHandle = model.handle().acquire();
        try {
            long opened = LlamaLibrary.check(open(
                    modelHandle,
                    settings.kvCells(),
                    settings.sequences(),
                    settings.batchTokens(),
                    settings.threads(),
                    settings.exact(),
                    settings.candidates(),
                    settings.ownCells()));
            return new LlamaContext(model, settings, new Handle("context", opened, LlamaContext::close));
        } catch (LlamaException e) {
            model.handle().release();
            throw e;
        }
    }

    /** The first step fetches what file and device have put off until it is needed. No prompt should wait for it. */
    private void warmUp() {
        Batch batch = new Batch(batchTokens);
        batch.addOutput(0, 0, 0, 0);
        admit(0, SamplerSettings.GREEDY);
        step(batch);
        release(0, 0);
    }

    @Override
    public int sequences() {
        return settings.sequences();
    }

    @Override
    public int kvCells() {
        return settings.kvCells();
    }

    @Override
    public boolean inHostMemory() {
        return model.device() instanceof Device.Cpu;
    }

    @Override
    public int batchTokens() {
        return batchTokens;
    }

    @Override
    public void admit(int sequence, SamplerSettings sampler) {
        assertOwner();
        ByteBuffer memory = sampler.memory();
        handle.call(context -> admit(context, sequence, memory));
    }

    @Override
    public void release(int sequence, int length) {
        assertOwner();
        handle.call(context -> release(context, sequence, length));
    }

    @Override
    public void share(int from, int to, int length) {
        assertOwner();
        handle.call(context -> share(context, from, to, length));
    }

    @Override
    public int cellsOf(int... sequences) {
        assertOwner();
        return (int) handle.call(context -> cellsOf(context, sequences));
    }

    @Override
    public long savedBytes(int sequence) {
        assertOwner();
        return handle.call(context -> savedBytes(context, sequence));
    }

    @Override
    public long save(int sequence) {
        assertOwner();
        return handle.call(context -> save(context, sequence));
    }

    @Override
    public void restore(long saved, int sequence) {
        assertOwner();
        handle.call(context -> restore(context, saved, sequence));
    }

    @Override
    public void forget(long saved) {
        assertOwner();
        handle.call(context -> forget(context, saved));
    }

    @Override
    public void step(Batch batch) {
        assertOwner();
        handle.call(context -> step(context, batch.memory(), batch.capacity(), batch.size(), batch.adapter()));
    }

    @Override
    public void stepGuessing(Batch batch) {
        if (batch.capacity() == batch.size()) {
            step(batch); // there is no place for more
            return;
        }
        assertOwner();
        long right = handle.call(
                context -> stepGuessing(context, batch.memory(), batch.capacity(), batch.size(), batch.adapter()));
        if (right != 0) {
            batch.addGuessed();
        }
    }

    @Override
    public void close() {
        assertOwner();
        if (!closed) {
            closed = true;
            handle.close();
            model.handle().release();
        }
    }

    private void assertOwner() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("belongs to " + owner.getName() + ", called by "
                    + Thread.currentThread().getName());
        }
    }

    private static native long open(
            long model,
            int kvCells,
            int sequences,
            int batchTokens,
            int threads,
            boolean exact,
            boolean candidates,
            boolean ownCells);

    private static native long close(long context);

    private static native long readBatchTokens(long context);

    private static native long admit(long context, int sequence, ByteBuffer settings);

    private static native long release(long context, int sequence, int length);

    private static native long share(long context, int from, int to, int length);

    private static native long cellsOf(long context, int[] sequences);

    private static native long savedBytes(long context, int sequence);

    private static native long save(long context, int sequence);

    private static native long restore(long context, long saved, int sequence);

    private static native long forget(long context, long saved);

    private static native long step(long context, ByteBuffer batch, int capacity, int rows, int adapter);

    private static native long stepGuessing(long context, ByteBuffer batch, int capacity, int rows, int adapter);
}
