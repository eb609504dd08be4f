import type { DeviceHook } from "../../model/hook.js";

/** What becomes of a packet after an XDP program (bpf_prog_run_xdp and its callers). */
export function xdpFate(verdict: string): "onward" | "back" | "redirected" | "gone" {
  switch (verdict) {
    case "XDP_PASS":
      return "onward";
    case "XDP_TX":
      return "back";
    case "XDP_REDIRECT":
      return "redirected";
    default:
      return "gone";
  }
}

/**
 * What becomes of a packet after a program of traffic control; `next`: the next program is asked. Filters know more
 * return values than tcx (cls_bpf_exec_opcode of net/sched/cls_bpf.c, tcx_action_code of include/net/tcx.h).
 */
export function trafficControlFate(hook: DeviceHook, verdict: string): "onward" | "next" | "redirected" | "gone" {
  switch (verdict) {
    case "TC_ACT_OK":
      return "onward";
    case "TC_ACT_REDIRECT":
      return "redirected";
    case "TC_ACT_SHOT":
      return "gone";
    case "TC_ACT_STOLEN":
    case "TC_ACT_TRAP":
      return hook.startsWith("tcx") ? "next" : "gone";
    default:
      return "next";
  }
}
