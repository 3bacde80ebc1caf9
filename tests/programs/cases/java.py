"""Java: a threaded program with direct buffers and deflaters, which allocate outside the heap."""

PROGRAMS = ["javac", "java"]

SOURCE = r'''
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.zip.*;

public class Work {
    static long pack(int seed) throws Exception {
        Random random = new Random(seed);
        long sum = 0;
        for (int round = 0; round < 60; round++) {
            byte[] data = new byte[20000 + random.nextInt(20000)];
            for (int i = 0; i < data.length; i++) data[i] = (byte) random.nextInt(17);
            Deflater deflater = new Deflater(6);
            deflater.setInput(data);
            deflater.finish();
            byte[] packed = new byte[data.length + 100];
            int length = deflater.deflate(packed);
            deflater.end();
            Inflater inflater = new Inflater();
            inflater.setInput(packed, 0, length);
            byte[] back = new byte[data.length];
            inflater.inflate(back);
            inflater.end();
            if (!Arrays.equals(data, back)) throw new IllegalStateException("round " + round);
            ByteBuffer direct = ByteBuffer.allocateDirect(1 + random.nextInt(100000));
            direct.put(0, (byte) length);
            sum = sum * 31 + length + direct.capacity();
        }
        return sum;
    }

    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> sums = new ArrayList<>();
        for (int n = 1; n <= 8; n++) {
            int seed = n;
            sums.add(pool.submit(() -> pack(seed)));
        }
        for (Future<Long> sum : sums) System.out.println(sum.get());
        pool.shutdown();
        Map<String, Integer> counts = new TreeMap<>();
        Random random = new Random(9);
        for (int i = 0; i < 300000; i++) counts.merge("w" + random.nextInt(2000), 1, Integer::sum);
        System.out.println(counts.size() + " " + counts.get("w77"));
        Process child = new ProcessBuilder("sort", "-r").start();
        child.getOutputStream().write("a\nc\nb\n".getBytes());
        child.getOutputStream().close();
        System.out.print(new String(child.getInputStream().readAllBytes()));
        System.exit(child.waitFor() + 4);
    }
}
'''


def run(space):
    space.write("Work.java", SOURCE)
    space.run("javac", "-J-XX:TieredStopAtLevel=1", "Work.java")
    space.run("sha256sum", "Work.class")
    space.run("java", "-Xmx256m", "Work", status=4)
