#!/usr/bin/env bash
# OpenJDK 17 and 25, picocli 4.7.7 (info.picocli:picocli): an archive of a command's classes has hardly any of picocli's.
#
# A command is the program that gains most from an archive of its classes (-XX:ArchiveClassesAtExit, or an AOT cache). But
# picocli's class files are of Java 5 (version 49), so that it runs everywhere, and the result of the old verifier is not in
# such an archive. The archive is made without an error and is used, and the program's own classes come from it. But more than
# a hundred classes of picocli are read from the jar and verified again at each start, CommandLine among them: Java 17
# leaves out all that are older than Java 6, and Java 25 those that were linked while it recorded.
#
# Exits with 0 if this is what happens, with 75 if there is no network or no JDK, and with another status if that has changed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

command -v javac >/dev/null || { echo "${0##*/}: needs a JDK" >&2; exit 75; }
artifact=info.picocli:picocli:4.7.7
timeout --foreground 200 mvn -B -ntp -q -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy -Dartifact=$artifact -DoutputDirectory=lib >/dev/null 2>&1 ||
    { echo "${0##*/}: cannot download $artifact; is there a network?" >&2; exit 75; }

cat >Greet.java <<'JAVA'
import picocli.CommandLine;

@CommandLine.Command(name = "greet")
public class Greet implements Runnable {
    @CommandLine.Parameters String name;

    @Override public void run() {
        System.out.println("hello " + name);
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Greet()).execute(arguments));
    }
}
JAVA
javac -proc:none -cp 'lib/*' -d classes Greet.java
jar cf lib/greet.jar -C classes .
path=lib/greet.jar:lib/picocli-4.7.7.jar

greet() { timeout --foreground 60 java "$@" -cp "$path" Greet world; }
# How many classes of $1 came from $2, as class+load says.
count() { grep -cE " $1 source: .*$2" loaded || true; }

greet -XX:ArchiveClassesAtExit=greet.jsa >recorded 2>&1
greet -XX:SharedArchiveFile=greet.jsa -Xlog:class+load >loaded
{
    grep -x "hello world" loaded
    echo "Greet from the archive: $(count Greet 'shared objects file \(top\)')"
    echo "CommandLine from the archive: $(count picocli.CommandLine 'shared objects file')"
    [ "$(count 'picocli[.]\S*' picocli-4.7.7.jar)" -le 100 ] || echo "picocli from the jar: more than 100"
    grep -qE '(49.0|Skipping) picocli/CommandLine(: Old class has been linked)?$' recorded && echo "CommandLine was skipped"
} | tee seen
printf '%s\n' "hello world" "Greet from the archive: 1" "CommandLine from the archive: 0" "picocli from the jar: more than 100" \
    "CommandLine was skipped" | diff - seen
