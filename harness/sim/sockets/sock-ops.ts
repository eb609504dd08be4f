import { tcpState, type Socket, type TcpState } from "./socket.js";

/** BPF_SOCK_OPS_… of include/uapi/linux/bpf.h: what a program is told, or asked. */
export const sockOps = {
  timeoutInit: 1,
  receiveWindowInit: 2,
  connect: 3,
  activeEstablished: 4,
  passiveEstablished: 5,
  needsEcn: 6,
  state: 10,
  listen: 11,
} as const;

export type SockOp = keyof typeof sockOps;

/** BPF_SOCK_OPS_STATE_CB_FLAG: a program wants to be told of changes of state. */
const stateFlag = 4;

export interface SockOpsEvent {
  readonly socket: Socket;
  readonly op: SockOp;
  readonly args: readonly number[];
  /** False for a connection request, which is no whole socket yet. */
  readonly isFull: boolean;
}

export type SockOpsProgram = (event: SockOpsEvent) => void;

/** Calls the programs on cgroups as sockets of their hosts come to something (tcp_call_bpf of include/net/tcp.h). */
export class SockOps {
  readonly #programs = new Map<string, SockOpsProgram[]>();

  attach(host: string, program: SockOpsProgram): void {
    this.#programs.set(host, [...(this.#programs.get(host) ?? []), program]);
  }

  detach(): void {
    this.#programs.clear();
  }

  call(socket: Socket, op: SockOp, isFull = true, args: readonly number[] = []): void {
    for (const program of this.#programs.get(socket.host) ?? []) program({ socket, op, args, isFull });
  }

  /** tcp_set_state(): who asked for it is told before. */
  changeState(socket: Socket, state: TcpState): void {
    if ((socket.callbackFlags & stateFlag) !== 0) this.call(socket, "state", true, [socket.state, state]);
    socket.state = state;
    if (state === tcpState.close) socket.leave();
  }
}
