/* clock PROGRAM [ARGUMENT…]: runs a program, and every program that it starts, with a clock of its own.
 *
 * The file `offset` beside this program has a number of seconds, which is added to the time of day; a change
 * takes effect within 20 ms. The monotonic clock stays as it is, like on a machine that slept. It serves as
 * the first process of a container: it forwards signals, reaps orphans and keeps the exit code.
 *
 * libfaketime replaces functions of the C library, but geth (Go) and regenesis (static) read the clock from
 * the vDSO. So this program, as the tracer, redirects the functions of the vDSO in each new process.
 * x86-64 only. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Replacements of the vDSO's functions, with the offset in front: system calls are not redirected. */
__asm__(".pushsection .rodata\n"
        ".globl begin, gettime, gettimeofday_, time_, end\n"
        "begin: .quad 0\n"
        "gettime: mov $228, %eax; syscall; test %eax, %eax; jnz 2f\n"
        "cmp $5, %edi; je 1f; test %edi, %edi; jnz 2f\n" /* CLOCK_REALTIME_COARSE, CLOCK_REALTIME */
        "1: mov begin(%rip), %rcx; add %rcx, (%rsi)\n"
        "2: ret\n"
        "gettimeofday_: mov $96, %eax; syscall; test %eax, %eax; jnz 2f\n"
        "test %rdi, %rdi; jz 2f\n"
        "mov begin(%rip), %rcx; add %rcx, (%rdi)\n"
        "2: ret\n"
        "time_: push %rdi; xor %edi, %edi; mov $201, %eax; syscall; pop %rdi\n"
        "add begin(%rip), %rax; test %rdi, %rdi; jz 2f; mov %rax, (%rdi)\n"
        "2: ret\n"
        "end:\n"
        ".popsection\n");
extern const char begin[], gettime[], gettimeofday_[], time_[], end[];

enum { PAGE = 4096, MOST = 4 * PAGE, PROCESSES = 256 };
static struct { pid_t pid; uint64_t slot; } processes[PROCESSES];
static int64_t offset;
static pid_t child;
static char offset_file[PATH_MAX];

static void fail(const char *what) {
  fprintf(stderr, "clock: %s: %s\n", what, strerror(errno));
  exit(125);
}

static int64_t read_offset(void) {
  char text[32] = {0};
  int file = open(offset_file, O_RDONLY);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length > 0 ? atoll(text) : 0;
}

static int memory(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  return open(path, O_RDWR);
}

static void put(int file, uint64_t address, const void *bytes, size_t length) {
  if (pwrite(file, bytes, length, (off_t)address) != (ssize_t)length) fail("write to the vDSO");
}

static void remember(pid_t pid, uint64_t slot) {
  int at = PROCESSES;
  for (int i = 0; i < PROCESSES; i++)
    if (processes[i].pid == 0) at = i;
  for (int i = 0; i < PROCESSES; i++)
    if (processes[i].pid == pid) at = i;
  if (at == PROCESSES) { errno = ENOMEM; fail("too many processes"); }
  processes[at].pid = pid;
  processes[at].slot = slot;
}

static uint64_t slot_of(pid_t pid) {
  for (int i = 0; i < PROCESSES; i++)
    if (processes[i].pid == pid) return processes[i].slot;
  return 0;
}

/* The bounds of the vDSO of a process. */
static void vdso(pid_t pid, uint64_t *from, uint64_t *to) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  *from = *to = 0;
  while (maps && fgets(line, sizeof line, maps))
    if (strstr(line, "[vdso]")) sscanf(line, "%lx-%lx", from, to);
  if (!maps || !*from || *to - *from > MOST) fail("no vDSO");
  fclose(maps);
}

/* Redirects the functions of a program that has not begun yet. */
static void redirect(pid_t pid) {
  static char image[MOST];
  uint64_t from, to;
  vdso(pid, &from, &to);
  int file = memory(pid);
  if (file < 0 || pread(file, image, to - from, (off_t)from) != (ssize_t)(to - from)) fail("read the vDSO");
  /* The end of the last page is unused. */
  uint64_t size = (uint64_t)(end - begin), at = (to - from - size) & ~15ul;
  for (uint64_t i = at; i < to - from; i++)
    if (image[i]) { errno = ENOSPC; fail("the vDSO has no room"); }
  put(file, from + at, begin, size);
  put(file, from + at, &offset, sizeof offset);
  const Elf64_Ehdr *elf = (const void *)image;
  const Elf64_Shdr *sections = (const void *)(image + elf->e_shoff);
  for (int i = 0; i < elf->e_shnum; i++) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const Elf64_Sym *symbols = (const void *)(image + sections[i].sh_offset);
    const char *names = image + sections[sections[i].sh_link].sh_offset;
    for (uint64_t j = 0; j < sections[i].sh_size / sizeof *symbols; j++) {
      const char *name = names + symbols[j].st_name, *to_function =
        !strcmp(name, "__vdso_clock_gettime") ? gettime
        : !strcmp(name, "__vdso_gettimeofday") ? gettimeofday_
        : !strcmp(name, "__vdso_time") ? time_ : NULL;
      if (!to_function) continue;
      uint64_t function = symbols[j].st_value;
      char jump[5] = {(char)0xe9};
      int32_t distance = (int32_t)(at + (uint64_t)(to_function - begin) - (function + sizeof jump));
      memcpy(jump + 1, &distance, sizeof distance);
      put(file, from + function, jump, sizeof jump);
    }
  }
  close(file);
  remember(pid, from + at);
}

static void adjust(void) {
  int64_t now = read_offset();
  if (now == offset) return;
  offset = now;
  for (int i = 0; i < PROCESSES; i++) {
    if (!processes[i].pid) continue;
    int file = memory(processes[i].pid);
    if (file < 0) continue;
    /* A process that is ending has no memory. */
    if (pwrite(file, &offset, sizeof offset, (off_t)processes[i].slot) < 0) { }
    close(file);
  }
}

static void forward(int signal) { if (child > 0) kill(child, signal); }
static void wake(int signal) { (void)signal; }

int main(int count, char **arguments) {
  if (count < 2) { fputs("usage: clock PROGRAM [ARGUMENT…]\n", stderr); return 2; }
  ssize_t length = readlink("/proc/self/exe", offset_file, sizeof offset_file - 8);
  if (length < 0) fail("/proc/self/exe");
  offset_file[length] = 0;
  strcpy(strrchr(offset_file, '/'), "/offset");
  offset = read_offset();
  int ready[2];
  if (pipe2(ready, O_CLOEXEC)) fail("pipe");
  child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    char byte;
    close(ready[1]);
    if (read(ready[0], &byte, 1) < 0) fail("read");
    execvp(arguments[1], arguments + 1);
    fprintf(stderr, "clock: %s: %s\n", arguments[1], strerror(errno));
    _exit(127);
  }
  long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                 PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SEIZE, child, 0, options)) fail("ptrace");
  for (int signal = 1; signal < NSIG; signal++)
    if (signal != SIGCHLD && signal != SIGALRM && signal != SIGPIPE && signal != SIGKILL && signal != SIGSTOP)
      (void)!sigaction(signal, &(struct sigaction){.sa_handler = forward}, NULL);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
  struct itimerval often = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &often, NULL);
  close(ready[0]);
  close(ready[1]);
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, __WALL);
    adjust();
    if (pid < 0) continue;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      for (int i = 0; i < PROCESSES; i++)
        if (processes[i].pid == pid) processes[i].pid = 0;
      if (pid != child) continue;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    int signal = WSTOPSIG(status), event = status >> 16;
    unsigned long new = 0;
    switch (event) {
    case 0: ptrace(PTRACE_CONT, pid, 0, signal); continue;
    case PTRACE_EVENT_EXEC: redirect(pid); break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
      ptrace(PTRACE_GETEVENTMSG, pid, 0, &new);
      if (slot_of(pid)) remember((pid_t)new, slot_of(pid));
      break;
    case PTRACE_EVENT_STOP:
      if (signal != SIGTRAP) { ptrace(PTRACE_LISTEN, pid, 0, 0); continue; }
    }
    ptrace(PTRACE_CONT, pid, 0, 0);
  }
}
