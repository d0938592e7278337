"""Run one management command with the settings that `make run` has in this folder, whether it runs or not.

Where `.env` or the environment names them, those count; else, as for `make run`, DEBUG is on and the
SECRET_KEY is the one in DATA_DIR.
"""

import os
import sys

from assistant.supervisor.folder import Folder
from common.env import ROOT, EnvError, process_environment, read_data_dir, read_env


def main() -> int:
    base = process_environment()
    folder = Folder(read_data_dir(base))
    try:
        env = read_env(base)
    except EnvError:
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            env = read_env(base, defaults={"DEBUG": "1", "SECRET_KEY": folder.secret_key()})
        except (EnvError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
    base |= {"DEBUG": "1" if env.debug else "0", "SECRET_KEY": env.secret_key}
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "manage.py", *sys.argv[1:]], base)  # noqa: S606 - our own program


if __name__ == "__main__":
    sys.exit(main())
