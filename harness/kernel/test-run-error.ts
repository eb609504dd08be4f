import { release } from "node:os";
import { harnessError, HarnessError } from "../model/error.js";
import type { ProgramType } from "../model/hook.js";
import { wrongSum } from "../model/ip-summed.js";
import { errnos, errnoText } from "./errno.js";

export interface TestRunInput {
  readonly type: ProgramType;
  readonly dataBytes: number;
  readonly contextGiven: boolean;
}

/** First kernel whose BPF_PROG_TEST_RUN takes programs of a type (net/bpf/test_run.c and its history). */
const testRunSince: Partial<Record<ProgramType, string>> = {
  xdp: "4.12",
  sched_cls: "4.12",
  sched_act: "4.12",
  socket_filter: "4.12",
  cgroup_skb: "4.12",
  lwt_in: "4.12",
  lwt_out: "4.12",
  lwt_xmit: "4.12",
  lwt_seg6local: "4.18",
  flow_dissector: "5.1",
  sk_lookup: "5.13",
};

/** Why no kernel runs programs of this type without their hook; undefined where one does. */
export function withoutTestRun(type: ProgramType): string | undefined {
  if (testRunSince[type] !== undefined) return undefined;
  return `BPF_PROG_TEST_RUN does not know programs of type ${type} (ENOTSUPP): they need real sockets, see backend wire`;
}

/** The program ran; what it left is wrong, which is a finding about the program. */
export class WrongSumError extends HarnessError {
  constructor() {
    super({ code: "packet", message: wrongSum });
  }
}

/** A refused test run in words: bpf(2) has one EINVAL for a dozen reasons. */
export function testRunError(errno: number, input: TestRunInput): HarnessError {
  if (errno === errnos.EBADMSG) return new WrongSumError();
  const unsupported = errno === errnos.ENOTSUPP || errno === errnos.EOPNOTSUPP;
  const code = unsupported ? "unsupported" : errno === errnos.EPERM ? "privilege" : "packet";
  return harnessError(code, `BPF_PROG_TEST_RUN of a ${input.type} program: ${errnoText(errno)}`, {
    hint: reason(errno, input),
  });
}

function reason(errno: number, { type, dataBytes, contextGiven }: TestRunInput): string | undefined {
  switch (errno) {
    case errnos.EPERM:
      return "run as root (CAP_BPF, CAP_NET_ADMIN)";
    case errnos.ENOTSUPP:
    case errnos.EOPNOTSUPP:
      return testRunSince[type] === undefined
        ? withoutTestRun(type)
        : `programs of type ${type} can be run since Linux ${testRunSince[type]}, this is ${release()}`;
    case errnos.ENOSPC:
      return "the program made the packet longer than packetproof's buffer of 128 KiB";
    case errnos.E2BIG:
      return `a packet of ${dataBytes} bytes is longer than any that a test run takes`;
    case errnos.ENOMEM:
      return "the kernel had no memory for the packet";
    case errnos.EINTR:
      return "a signal came in between: run again";
    case errnos.ENODEV:
      return "the context names an interface that is not there";
    case errnos.EINVAL:
      return invalid(type, dataBytes, contextGiven);
    default:
      return undefined;
  }
}

function invalid(type: ProgramType, dataBytes: number, contextGiven: boolean): string {
  if (type !== "sk_lookup" && dataBytes < 14)
    return `the packet has ${dataBytes} bytes: a test run wants an Ethernet header at least (14 bytes)`;
  if (dataBytes > 3520)
    return `a packet of ${dataBytes} bytes is larger than a test run of this type takes in one buffer (a page less head- and tailroom)`;
  if (contextGiven) return "the kernel does not let a test run set one of these context fields, or not to this value";
  return "the kernel gave no reason";
}
