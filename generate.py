"""Makes pictures and videos with trained networks, brings them in and out."""

from pgan_tf.commands.generate import verbs

if __name__ == "__main__":
    verbs.run()
