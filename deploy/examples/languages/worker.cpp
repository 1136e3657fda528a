// A worker on a named eventfd, in C++: Boost.Asio waits for the raw descriptor with async_wait.
//
//   apt-get install g++ libboost-dev
//   eventfdd serve --runtime-dir /tmp/eventfdd              # in a shell of its own; server/bin/eventfdd in the checkout
//   c++ -std=c++17 -O2 -o worker worker.cpp && ./worker /tmp/eventfdd orders
//   eventfdd write --runtime-dir /tmp/eventfdd orders 5    # in another shell: the worker prints "got 5"
//
// It prints "ready", then "got N" for each value N that it takes from `orders`, and adds N to `orders.reply`. It echoes the
// lines of its stdin and ends with it. ../README.md says what all workers do.
#include <boost/asio.hpp>
#include <boost/property_tree/json_parser.hpp>
#include <cstring>
#include <iostream>
#include <sstream>
#include <sys/eventfd.h>
#include <sys/uio.h>

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using asio::generic::seq_packet_protocol;
using Error = boost::system::error_code;
using namespace std::chrono_literals;

enum { REPLY, WORK };

// Takes what there is, 0 if another reader was faster. read(2), as in async_read_some, would then stop the loop if another
// process has cleared O_NONBLOCK, which belongs to all that hold this eventfd; RWF_NOWAIT holds in any case.
static std::uint64_t take(int fd) {
    std::uint64_t value;
    iovec buffer{&value, sizeof value};
    return preadv2(fd, &buffer, 1, -1, RWF_NOWAIT) == sizeof value ? value : 0;
}

static void give(int fd, std::uint64_t value) {
    if (value && eventfd_write(fd, value)) throw std::system_error(errno, std::generic_category(), "eventfd_write");
}

class Worker {
    asio::io_context io{1};
    asio::local::stream_protocol::endpoint address;
    std::string name[2];
    stream_descriptor held[2]{stream_descriptor(io), stream_descriptor(io)}, input{io, STDIN_FILENO};
    seq_packet_protocol::socket daemon{io};
    asio::steady_timer pause{io};
    int answers = 0; // that came on this connection: one for each name, in order

    // Asks for both names, without waiting for the answers: opens what is not held yet, and brings back ("donates") what is,
    // since an eventfd outlives the daemon that it came from.
    void connect() {
        int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        daemon.assign(seq_packet_protocol(AF_UNIX, 0), s);
        bool connected = ::connect(s, address.data(), address.size()) == 0;
        if (!connected && !held[WORK].is_open()) throw std::system_error(errno, std::generic_category(), address.path());
        for (int i = answers = 0; connected && i < 2; i++) {
            std::string packet = held[i].is_open() ? R"({"op":"donate","eventfds":[{"name":")" + name[i] + R"("}]})"
                : R"({"op":"open","eventfds":[{"name":")" + name[i] + R"(","create":{}}]})";
            alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
            iovec data{packet.data(), packet.size()};
            msghdr message{nullptr, 0, &data, 1, control, held[i].is_open() ? sizeof control : 0, 0};
            if (cmsghdr *rights = CMSG_FIRSTHDR(&message)) {
                *rights = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
                int fd = held[i].native_handle();
                std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
            }
            connected = sendmsg(s, &message, MSG_NOSIGNAL) > 0;
        }
        connected ? listen() : retry();
    }

    void retry() {
        daemon.close();
        pause.expires_after(100ms);
        pause.async_wait([this](Error) { connect(); });
    }

    void listen() {
        daemon.async_wait(seq_packet_protocol::socket::wait_read, [this](Error) { hear() ? listen() : retry(); });
    }

    // Takes one answer of the daemon, with the descriptor that it may bring; false when the connection has ended.
    bool hear() {
        char packet[65536];
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        iovec data{packet, sizeof packet};
        msghdr message{nullptr, 0, &data, 1, control, sizeof control, 0};
        ssize_t size = recvmsg(daemon.native_handle(), &message, MSG_CMSG_CLOEXEC);
        if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
        if (message.msg_flags & MSG_CTRUNC) throw std::runtime_error("too many open files: the descriptor was cut off");
        std::string text(packet, size);
        if (text.find(":shutting-down\"") != std::string::npos) return false;
        int i = answers++;
        boost::property_tree::ptree answer;
        std::istringstream json(text);
        read_json(json, answer);
        if (answer.count("detail")) throw std::runtime_error(name[i] + ": " + answer.get<std::string>("detail"));
        auto &entry = answer.get_child("eventfds").front().second;
        auto result = entry.get("result", "");
        if (result == "refused") throw std::runtime_error(name[i] + ": " + entry.get<std::string>("problem"));
        if (cmsghdr *rights = CMSG_FIRSTHDR(&message)) {
            int fd;
            std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
            hold(i, fd);
        }
        if (!result.empty()) std::cout << name[i] << ' ' << result << std::endl;
        else if (i == WORK) std::cout << "ready" << std::endl;
        return true;
    }

    // A descriptor that was opened, or that replaces one: then what is left on the old one moves to the new one.
    void hold(int i, int fd) {
        if (held[i].is_open()) {
            give(fd, take(held[i].native_handle()));
            held[i].close();
        }
        held[i].assign(fd);
        if (i == WORK) work();
    }

    void work() {
        held[WORK].async_wait(stream_descriptor::wait_read, [this](Error error) {
            if (error) return; // it was replaced
            if (auto value = take(held[WORK].native_handle())) {
                std::cout << "got " << value << std::endl;
                give(held[REPLY].native_handle(), value);
            }
            work();
        });
    }

    void echo() {
        input.async_wait(stream_descriptor::wait_read, [this](Error) {
            char text[4096];
            ssize_t size = read(STDIN_FILENO, text, sizeof text);
            if (size == 0) return io.stop();
            std::istringstream lines(std::string(text, std::max<ssize_t>(size, 0)));
            for (std::string line; std::getline(lines, line);) std::cout << "line " << line << std::endl;
            echo();
        });
    }

public:
    Worker(const std::string &directory, const std::string &name)
        : address(directory + "/fd.sock"), name{name + ".reply", name} {}

    void run() {
        connect();
        echo();
        io.run();
    }
};

int main(int argc, char **argv) try {
    if (argc != 3) throw std::invalid_argument("usage: worker DIR NAME");
    Worker(argv[1], argv[2]).run();
} catch (const std::exception &e) {
    std::cerr << e.what() << std::endl;
    return 1;
}
