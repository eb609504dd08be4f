/** A program with one bug put in on purpose. Its scenario in scenarios/must-fail/ has to fail, naming the field. */
export interface PlantedBug {
  /** Name of the object, without `.bpf.o`. */
  readonly name: string;
  /** The sound program's source in bpf/. */
  readonly program: string;
  /** The file that the bug goes into: the source itself, or a header. */
  readonly file: string;
  /** Text that occurs exactly once in the file, and what takes its place. */
  readonly from: string;
  readonly to: string;
}

/** A bug that is kept as an edit stays next to the program as that develops, and the program stays free of #ifdefs. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "xdp_icmp_log_host_order",
    program: "xdp_icmp_log.bpf.c",
    file: "xdp_icmp_log.bpf.c",
    from: "sequence = bpf_ntohs(echo->sequence)",
    to: "sequence = echo->sequence",
  },
  {
    name: "xdp_icmp_log_one_tag",
    program: "xdp_icmp_log.bpf.c",
    file: "include/ethernet.h",
    from: "#define VLAN_TAGS_MAX 2",
    to: "#define VLAN_TAGS_MAX 1",
  },
  {
    name: "xdp_icmp_drop_all_icmp",
    program: "xdp_icmp_drop.bpf.c",
    file: "include/ping.h",
    from: "return type && (is_echo_request(&packet, *type) || is_echo_reply(&packet, *type))",
    to: "return type",
  },
  {
    name: "xdp_icmp_drop_no_extensions",
    program: "xdp_icmp_drop.bpf.c",
    file: "include/ip.h",
    from: "i < IPV6_EXTENSIONS_MAX",
    to: "i < 1",
  },
  {
    name: "xdp_drop_count_32_bits",
    program: "xdp_drop_count.bpf.c",
    file: "xdp_drop_count.bpf.c",
    from: "__sync_fetch_and_add(count, 1)",
    to: "__sync_fetch_and_add((__u32 *)count, 1)",
  },
  {
    name: "xdp_count_last_only",
    program: "xdp_count.bpf.c",
    file: "xdp_count.bpf.c",
    from: "*count += 1",
    to: "*count = 1",
  },
  {
    name: "xdp_blacklist_host_order",
    program: "xdp_blacklist.bpf.c",
    file: "xdp_blacklist.bpf.c",
    from: "rule_of_v4(ip->saddr)",
    to: "rule_of_v4(bpf_ntohl(ip->saddr))",
  },
  {
    name: "xdp_blacklist_no_ipv6",
    program: "xdp_blacklist.bpf.c",
    file: "xdp_blacklist.bpf.c",
    from: "ethertype == bpf_htons(ETH_P_IPV6)",
    to: "false",
  },
  {
    name: "xdp_lb_no_ipv4_checksum",
    program: "xdp_lb.bpf.c",
    file: "xdp_lb.bpf.c",
    from: "checksum_replace32(&ip->check, from, to);",
    to: "",
  },
  {
    name: "xdp_lb_no_tcp_checksum",
    program: "xdp_lb.bpf.c",
    file: "xdp_lb.bpf.c",
    from: "checksum_replace32(&tcp->check, from, to);",
    to: "",
  },
  {
    name: "xdp_lb_no_mac",
    program: "xdp_lb.bpf.c",
    file: "xdp_lb.bpf.c",
    from: "set_mac(ethernet->h_dest, to);",
    to: "",
  },
  {
    name: "xdp_lb_any_sender",
    program: "xdp_lb.bpf.c",
    file: "xdp_lb.bpf.c",
    from: "else if (is_backend(packet.v4->saddr))",
    to: "else if (is_backend(packet.v4->saddr) || true)",
  },
  {
    name: "xdp_lb_no_bounds_check",
    program: "xdp_lb.bpf.c",
    file: "xdp_lb.bpf.c",
    from: "tcp = cursor_take_header(&cursor, struct tcphdr)",
    to: "tcp = cursor.at",
  },
  {
    name: "xdp_stages_stays_put",
    program: "xdp_stages.bpf.c",
    file: "xdp_stages.bpf.c",
    from: "chain->slot++);",
    to: "chain->slot);",
  },
  {
    name: "xdp_stages_keeps_place",
    program: "xdp_stages.bpf.c",
    file: "xdp_stages.bpf.c",
    from: "*chain = (struct chain){};",
    to: "chain->jumps = 0;",
  },
  {
    name: "xdp_flow_log_wrong_way",
    program: "xdp_flow_log.bpf.c",
    file: "xdp_flow_log.bpf.c",
    from: "map_v4(&event->source, packet.v4->saddr);",
    to: "map_v4(&event->source, packet.v4->daddr);",
  },
  {
    name: "xdp_flow_log_forgets_losses",
    program: "xdp_flow_log.bpf.c",
    file: "xdp_flow_log.bpf.c",
    from: "if (bpf_ringbuf_output(&ring, &event, sizeof(event), flags))",
    to: "if (bpf_ringbuf_output(&ring, &event, sizeof(event), flags) > 0)",
  },
  {
    name: "xdp_services_no_affinity",
    program: "xdp_services.bpf.c",
    file: "xdp_services.bpf.c",
    from: "bpf_map_update_elem(&connections, flow, number, BPF_ANY);",
    to: ";",
  },
  {
    name: "xdp_services_no_pseudo_header",
    program: "xdp_services.bpf.c",
    file: "include/flow.h",
    from: "checksum_replace32(sum, at->in6_u.u6_addr32[i], to->in6_u.u6_addr32[i]);",
    to: ";",
  },
  {
    name: "xdp_guard_punishes_twice",
    program: "xdp_guard.bpf.c",
    file: "xdp_guard.bpf.c",
    from: "return false;\n\t*due_ns = due + limit->interval_ns;",
    to: "return *due_ns = due + limit->interval_ns, false;\n\t*due_ns = due + limit->interval_ns;",
  },
  {
    name: "xdp_guard_one_bucket",
    program: "xdp_guard.bpf.c",
    file: "xdp_guard.bpf.c",
    from: "sender->address.in6_u.u6_addr32[3] = packet.v4->saddr;",
    to: "sender->address.in6_u.u6_addr32[3] = 0;",
  },
  {
    name: "xdp_mss_filter_first_only",
    program: "xdp_mss_filter.bpf.c",
    file: "xdp_mss_filter.bpf.c",
    from: "if (kind == TCP_OPTION_NOP)\n\t\treturn at + 1;",
    to: "if (kind == TCP_OPTION_NOP)\n\t\treturn OPTIONS_END;",
  },
  {
    name: "tc_drop_passes",
    program: "tc_drop.bpf.c",
    file: "tc_drop.bpf.c",
    from: "return TC_ACT_SHOT",
    to: "return TC_ACT_OK",
  },
  {
    name: "tc_drop_silent",
    program: "tc_drop.bpf.c",
    file: "tc_drop.bpf.c",
    from: 'bpf_printk("tc_drop: %u bytes, protocol 0x%04x", skb->len, bpf_ntohs(skb->protocol));',
    to: "",
  },
  {
    name: "tc_icmp_drop_udp_too",
    program: "tc_icmp_drop.bpf.c",
    file: "include/ping.h",
    from: "|| !is_icmp(&packet))",
    to: "|| (!is_icmp(&packet) && packet.protocol != IPPROTO_UDP))",
  },
  {
    name: "tc_ping_pong_no_icmp_checksum",
    program: "tc_ping_pong.bpf.c",
    file: "tc_ping_pong.bpf.c",
    from: "checksum_replace16(&echo->checksum, from, to);",
    to: "",
  },
  {
    name: "tc_ping_pong_broadcast",
    program: "tc_ping_pong.bpf.c",
    file: "tc_ping_pong.bpf.c",
    from: "|| is_group_mac(ethernet->h_dest)",
    to: "",
  },
  {
    name: "tc_policy_no_refusals",
    program: "tc_policy.bpf.c",
    file: "tc_policy.bpf.c",
    from: "flags & POLICY_DENY || ",
    to: "",
  },
  {
    name: "tc_policy_any_depth",
    program: "tc_policy.bpf.c",
    file: "tc_policy.bpf.c",
    from: "labels == rule->labels ? rule->identity : rule->deeper",
    to: "rule->identity",
  },
  {
    name: "tc_policy_forgets_connections",
    program: "tc_policy.bpf.c",
    file: "tc_policy.bpf.c",
    from: "connection = find_connection(&flow, answering);",
    to: "",
  },
  {
    name: "sockmap_redirect_port_order",
    program: "sockmap_redirect.bpf.c",
    file: "sockmap_redirect.bpf.c",
    from: "((__u16)bpf_ntohl((context)->remote_port))",
    to: "((__u16)((context)->remote_port >> 16))",
  },
  {
    name: "stream_messages_no_header",
    program: "stream_messages.bpf.c",
    file: "stream_messages.bpf.c",
    from: "return HEADER_BYTES + bpf_ntohs(header.length);",
    to: "return bpf_ntohs(header.length);",
  },
];
