/* write(2) for the embedded ClickHouse: ends the process where a write to a file fails.
 *
 * libchdb.so takes no notice of such a failure (its WriteBufferFromFileDescriptor leaves the loop where ClickHouse's own
 * throws): on a full disk a merge would put a part of empty files in the place of the parts it read. A process that
 * ends leaves what it was writing under a temporary name, and the next one throws that away.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CANNOT_WRITE 74 /* EX_IOERR of sysexits.h */

ssize_t write(int file, const void *bytes, size_t count)
{
    ssize_t written = syscall(SYS_write, file, bytes, count);
    if (written >= 0 || errno == EINTR || errno == EAGAIN)
        return written;
    int why = errno;
    struct stat about;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
        dprintf(STDERR_FILENO, "ClickHouse ends: it cannot write to its files (%s).\n", strerror(why));
        _exit(CANNOT_WRITE);
    }
    errno = why;
    return written;
}
