/* The time of a message between two processes, in microseconds, and bytes per second of a large one; medians.
 * For scripts/bench_mpi.py. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGE (16 << 20)

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_seconds(int process, char *bytes, int size, int times) {
    double *seconds = malloc(times * sizeof *seconds);
    for (int time = 0; time < times; time++) {
        double began = MPI_Wtime();
        if (process == 0) {
            MPI_Send(bytes, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
            MPI_Recv(bytes, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(bytes, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(bytes, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
        }
        seconds[time] = (MPI_Wtime() - began) / 2;
    }
    qsort(seconds, times, sizeof *seconds, compare);
    double median = seconds[times / 2];
    free(seconds);
    return median;
}

int main(int count, char **arguments) {
    int process;
    MPI_Init(&count, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &process);
    char *bytes = calloc(LARGE, 1);
    median_seconds(process, bytes, 8, 1000);
    double small = median_seconds(process, bytes, 8, 20000), large = median_seconds(process, bytes, LARGE, 50);
    if (process == 0)
        printf("%.2f %.0f\n", 1e6 * small, LARGE / large);
    MPI_Finalize();
    return 0;
}
