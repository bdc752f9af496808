"""What should the next coating be?"""
