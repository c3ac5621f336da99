/* How long the processes of a training wait for each other: the exchanges of MPI, step by step, by its profiling
 * interface. scripts/bench_mpi.py compiles this to a library and loads it into the program, which is not changed.
 *
 * MPI_TIMES_TENSORS is the number of weight tensors, each of which has one MPI_Alltoallv in a step. Each process writes
 * a line for each step but the first to the file MPI_TIMES_OUT.RANK: nanoseconds, those of them in exchanges,
 * nanoseconds of the processor outside of exchanges, exchanges, bytes received from others. */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_STEPS 100000

typedef struct {
    long long wall, waiting, computing, exchanges, bytes;
} Sums;

static Sums now, before, steps[MAX_STEPS];
static long long weight_exchanges;
static int steps_begun;

static long long nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long entered, computing_since;

static void enter(void) {
    entered = nanoseconds(CLOCK_MONOTONIC);
    now.computing += nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - computing_since;
}

static void leave(const int counts[], MPI_Comm all) {
    int processes, process;
    now.wall = nanoseconds(CLOCK_MONOTONIC);
    now.waiting += now.wall - entered;
    computing_since = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    now.exchanges += 1;
    PMPI_Comm_size(all, &processes);
    PMPI_Comm_rank(all, &process);
    for (int other = 0; other < processes; other++) /* all are bytes */
        now.bytes += other == process ? 0 : counts[other];
}

static void end_step(void) {
    const char *tensors = getenv("MPI_TIMES_TENSORS");
    if (++weight_exchanges % (tensors ? atoll(tensors) : 1))
        return;
    if (steps_begun > 0 && steps_begun <= MAX_STEPS)
        steps[steps_begun - 1] = (Sums){now.wall - before.wall, now.waiting - before.waiting,
                                        now.computing - before.computing, now.exchanges - before.exchanges,
                                        now.bytes - before.bytes};
    steps_begun += 1;
    before = now;
}

int MPI_Allgatherv(const void *sent, int count, MPI_Datatype type, void *received, const int counts[],
                   const int starts[], MPI_Datatype received_type, MPI_Comm all) {
    enter();
    int result = PMPI_Allgatherv(sent, count, type, received, counts, starts, received_type, all);
    leave(counts, all);
    return result;
}

int MPI_Alltoallv(const void *sent, const int sent_counts[], const int sent_starts[], MPI_Datatype type,
                  void *received, const int counts[], const int starts[], MPI_Datatype received_type, MPI_Comm all) {
    enter();
    int result = PMPI_Alltoallv(sent, sent_counts, sent_starts, type, received, counts, starts, received_type, all);
    leave(counts, all);
    end_step();
    return result;
}

int MPI_Finalize(void) {
    const char *out = getenv("MPI_TIMES_OUT");
    char name[4096];
    int process;
    PMPI_Comm_rank(MPI_COMM_WORLD, &process);
    snprintf(name, sizeof name, "%s.%d", out ? out : "mpi_times", process);
    FILE *file = fopen(name, "w");
    for (int step = 0; file && step < steps_begun - 1 && step < MAX_STEPS; step++)
        fprintf(file, "%lld %lld %lld %lld %lld\n", steps[step].wall, steps[step].waiting, steps[step].computing,
                steps[step].exchanges, steps[step].bytes);
    if (file)
        fclose(file);
    return PMPI_Finalize();
}
