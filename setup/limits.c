/* limits.c: preloaded into criu, so that it can dump processes of other users where root may not read their resource limits.

   prlimit(2) wants CAP_SYS_RESOURCE for another user's process, which root of a virtual machine or container host sometimes lacks.
   /proc/PID/limits tells everybody the same, in the order of the RLIMIT_ numbers (fs/proc/base.c): where a limit of another process is
   only read, and the call is not permitted, the answer is taken from there. Everything else is passed on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { soft_column = 26, hard_column = 47, line_size = 256 };

static rlim64_t value_at(const char *text)
{
    return strncmp(text, "unlimited", 9) == 0 ? RLIM64_INFINITY : strtoull(text, NULL, 10);
}

static int read_limit(pid_t pid, int resource, struct rlimit64 *limit)
{
    char path[64], line[line_size];
    snprintf(path, sizeof path, "/proc/%d/limits", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;

    int found = -1;
    for (int number = -1; fgets(line, sizeof line, file); number++) { /* the first line is a heading */
        if (number == resource && strlen(line) > hard_column) {
            limit->rlim_cur = value_at(line + soft_column);
            limit->rlim_max = value_at(line + hard_column);
            found = 0;
            break;
        }
    }
    fclose(file);
    return found;
}

static int read_instead(pid_t pid, int resource, const void *wanted, struct rlimit64 *old)
{
    if (errno == EPERM && pid > 0 && !wanted && old && read_limit(pid, resource, old) == 0)
        return 0;

    errno = EPERM;
    return -1;
}

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    if (!real)
        real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");

    va_list list;
    long a[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);

    long result = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result < 0 && number == SYS_prlimit64 && errno == EPERM
        ? read_instead((pid_t)a[0], (int)a[1], (const void *)a[2], (struct rlimit64 *)a[3])
        : result;
}

int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *wanted, struct rlimit64 *old)
{
    return (int)syscall(SYS_prlimit64, pid, resource, wanted, old);
}
