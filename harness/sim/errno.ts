/** Error numbers that maps and helpers return, negated (include/uapi/asm-generic/errno*.h). */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  E2BIG: 7,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  ENOTSUPP: 524,
} as const;
